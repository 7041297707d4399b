export { findPythons, type Python } from "../pythons/find-pythons.js";
